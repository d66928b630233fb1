-- Campaigns
-- Revenue of the products that an elimination promoted.
-- @board joins bars
-- @es Campañas
-- @es Ingresos de los productos que una eliminación promovió.
-- @es =contract contrato
-- @es =revenue ingresos
-- @es =sales ventas
SELECT key AS contract, revenue_units / 10000.0 AS revenue, sales
FROM joins_campaign_sales
ORDER BY revenue_units DESC, key
LIMIT 10
