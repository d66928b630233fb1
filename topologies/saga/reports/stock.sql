-- Reserved stock
-- Per product; reserved never passes the stock.
-- @board commerce-saga table
-- @es Existencias reservadas
-- @es Por producto; lo reservado nunca supera las existencias.
-- @es =quantity cantidad
-- @es =reserved reservadas
-- @es =available disponibles
-- @es =sku SKU
SELECT key AS sku, quantity, reserved, available
FROM saga_stock
ORDER BY available, key
LIMIT 10
