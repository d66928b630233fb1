-- Latest contracts
-- @board continental table
-- @es Últimos contratos
-- @es =contract contrato
-- @es =target objetivo
-- @es =reward recompensa
-- @es =state estado
-- @es =attempts intentos
SELECT key AS contract, target, reward, coalesce(closing, status) AS state, attempts
FROM continental_contracts
ORDER BY key DESC
LIMIT 10
