-- Sales per category
-- Revenue of the latest day with sales.
-- @board tradex bars
-- @es Ventas por categoría
-- @es Ingresos del último día con ventas.
-- @es =category categoría
-- @es =revenue ingresos
-- @es =units unidades
SELECT key AS category, revenue_units / 10000.0 AS revenue, units
FROM tradex_sales_per_category_per_day
WHERE window_start = (SELECT max(window_start) FROM tradex_sales_per_category_per_day)
ORDER BY revenue DESC, key
