-- point.lua: wrk asks for the count of one key after the other, out of KEYS (environment).
local prefix = "/v1/views/counts/keys/key-%08d"
local keys = tonumber(os.getenv("KEYS"))
local number = 0
request = function()
    number = (number + 7919) % keys
    return wrk.format("GET", string.format(prefix, number))
end
done = function(summary, latency)
    local e = summary.errors
    local failed = e.connect + e.read + e.write + e.timeout + e.status
    print(string.format('{"requests":%d,"seconds":%.3f,"failed":%d,"p50_us":%d,"p99_us":%d}', summary.requests,
        summary.duration / 1e6, failed, latency:percentile(50), latency:percentile(99)))
end
