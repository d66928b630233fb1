-- Coins paid per hour
-- Over a day.
-- @board continental line
-- @es Monedas pagadas por hora
-- @es Durante un día.
-- @es =hour hora
-- @es =coins monedas
SELECT window_start AS hour, coins
FROM continental_coins_per_hour
WHERE key = 'all' AND window_start >= strftime('%Y-%m-%dT%H:00:00.000Z', 'now', '-1 day')
ORDER BY hour
