-- Revenue per day
-- What confirmed orders brought in, the latest days first.
-- :days integer = 30 At most so many days
SELECT substr(window_start, 1, 10) AS day, count AS orders, amount_units / 10000.0 AS revenue,
       round(amount_units / 10000.0 / count, 2) AS revenue_per_order
FROM commerce_metrics_per_day
WHERE key = 'revenue.confirmed'
ORDER BY day DESC
LIMIT :days
