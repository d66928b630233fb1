-- point.lua: wrk asks for the row of one key after the other, out of KEYS (environment) in the view of PATTERN (counts of row view).
local prefix = os.getenv("PATTERN") or "/v1/views/counts/keys/key-%08d"
local keys = tonumber(os.getenv("KEYS"))
local number = 0
request = function()
    number = (number + 7919) % keys
    return wrk.format("GET", string.format(prefix, number))
end
done = function(summary, latency)
    local e = summary.errors
    local failed = e.connect + e.read + e.write + e.timeout + e.status
    print(string.format('{"requests":%d,"seconds":%.3f,"failed":%d,"p50_us":%d,"p95_us":%d,"p99_us":%d}', summary.requests,
        summary.duration / 1e6, failed, latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
