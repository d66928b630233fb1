-- events.lua: wrk posts events of services to POST /events: BATCH of them at a time (environment; 1: no array).
local batch = tonumber(os.getenv("BATCH") or "1")
local now = os.time()
local one = '{"timestamp":%d,"service":"service-%02d","message":"request served","metadata":{"host":"host-3","ms":17}}'
local services = 40
local number = 0
request = function()
    local events = {}
    for i = 1, batch do
        number = number + 1
        events[i] = string.format(one, now * 1000 + number % 1000, number % services)
    end
    local body = batch == 1 and events[1] or "[" .. table.concat(events, ",") .. "]"
    return wrk.format("POST", "/events", {["Content-Type"] = "application/json"}, body)
end
done = function(summary, latency)
    local e = summary.errors
    local failed = e.connect + e.read + e.write + e.timeout + e.status
    local seconds = summary.duration / 1e6
    local answered = summary.requests - e.status
    print(string.format('{"events_per_second":%d,"requests":%d,"seconds":%.3f,"failed":%d,"p50_us":%d,"p99_us":%d}',
        answered * batch / seconds, summary.requests, seconds, failed, latency:percentile(50), latency:percentile(99)))
end
