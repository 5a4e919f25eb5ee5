-- `wrk -s wrk.lua URL -- [BODY]`: posts BODY if there is one, and says in one line what was counted.
function init(args)
  if args[1] then
    wrk.method = "POST"
    wrk.body = args[1]
    wrk.headers["Content-Type"] = wrk.headers["Content-Type"] or "application/json"
  end
end

function done(summary, latency, requests)
  io.write(string.format("COUNTED %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.timeout))
end
