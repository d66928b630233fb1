-- Pending notifications
-- Which customers have not been told yet, and why.
SELECT key AS notification, attempts, dueAt AS due, lastError AS last_error
FROM saga_notifications
ORDER BY attempts DESC, key
LIMIT 100
