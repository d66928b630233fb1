-- Sales per hour
-- Units and revenue over a day.
-- @board tradex line
-- @es Ventas por hora
-- @es Unidades e ingresos en un día.
-- @es =hour hora
-- @es =units unidades
-- @es =revenue ingresos
SELECT window_start AS hour, sum(units) AS units, sum(revenue_units) / 10000.0 AS revenue
FROM tradex_sales_per_category_per_hour
WHERE window_start >= strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-1 day')
GROUP BY hour
ORDER BY hour
