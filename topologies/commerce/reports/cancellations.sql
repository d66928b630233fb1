-- Cancellations
-- Why orders were cancelled, and what was lost with them.
-- @board commerce table
-- @es Cancelaciones
-- @es Por qué se cancelaron pedidos y qué se perdió con ellos.
-- @es =reason motivo
-- @es =orders pedidos
-- @es =lost perdido
-- @es =percent_of_cancellations % de las cancelaciones
SELECT key AS reason, count AS orders, amount_units / 10000.0 AS lost,
       round(100.0 * count / sum(count) OVER (), 2) AS percent_of_cancellations
FROM commerce_cancellations
ORDER BY count DESC, key
