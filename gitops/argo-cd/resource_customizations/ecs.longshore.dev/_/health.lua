-- For every kind of Longshore's: they all tell their state by the same three conditions.
local health = {status = "Progressing", message = "Longshore has not looked at it yet"}

local status = obj.status or {}
local conditions = {}
for _, condition in ipairs(status.conditions or {}) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"]
local stalled = conditions["Stalled"]

-- What only a person ends, and somebody meant it so.
local suspending = {Suspended = true, Paused = true, WouldChange = true}

-- A pause is by annotation, which starts no new generation; anything else said of an older spec says nothing.
if ready ~= nil and suspending[ready.reason] then
  return {status = "Suspended", message = ready.message}
end
if status.observedGeneration ~= obj.metadata.generation then
  return health
end
if stalled ~= nil and stalled.status == "True" then
  return {status = "Degraded", message = stalled.reason .. ": " .. stalled.message}
end
if ready ~= nil then
  health.message = ready.message
  if ready.status == "True" and obj.metadata.deletionTimestamp == nil then
    health.status = "Healthy"
  end
end
return health
