-- For wrk: asks Arc's token endpoint as its clients do. The 401 names a file, and what that holds is good for one request.
local keys = {}
tokens = 0
local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function request()
   local key = table.remove(keys)
   wrk.headers["Metadata"] = "true"
   wrk.headers["Authorization"] = key and "Basic " .. key or nil
   return wrk.format("GET")
end

function response(status, headers)
   if status == 200 then
      tokens = tokens + 1
   elseif status == 401 then
      local path = (headers["WWW-Authenticate"] or ""):match("^Basic realm=(.+)$")
      local file = path and io.open(path)
      if file then
         table.insert(keys, file:read("*a"))
         file:close()
      end
   end
end

function done(summary)
   local all = 0
   for _, thread in ipairs(threads) do all = all + thread:get("tokens") end
   print(string.format("Tokens/sec: %.2f", all / (summary.duration / 1e6)))
end
