-- Latest contracts
-- @board continental table
-- @es Últimos contratos
-- @es =contract contrato
-- @es =target objetivo
-- @es =reward recompensa
-- @es =status estado
-- @es =closing cierre
SELECT key AS contract, target, reward, status, closing
FROM continental_contracts
ORDER BY key DESC
LIMIT 10
