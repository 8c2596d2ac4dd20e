-- Longshore changes nothing until then. Seven days are the longest that it takes.
local os = require("os")
local hours = tonumber((actionParams or {})["hours"] or "8")
if hours == nil or hours <= 0 or hours > 168 then
  error("hours must be a number above 0, and at most 168: a pause lasts seven days at most", 0)
end
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["ecs.longshore.dev/paused-until"] = os.date("!%Y-%m-%dT%XZ", os.time() + hours * 3600)
return obj
