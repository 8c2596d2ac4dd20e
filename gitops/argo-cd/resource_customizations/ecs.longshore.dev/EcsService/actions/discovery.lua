local annotations = obj.metadata.annotations or {}
local paused = annotations["ecs.longshore.dev/paused-until"] ~= nil

local actions = {}
actions["restart"] = {disabled = obj.metadata.deletionTimestamp ~= nil, iconClass = "fa fa-fw fa-redo"}
actions["pause"] = {iconClass = "fa fa-fw fa-pause-circle", params = {{name = "hours", default = "8"}}}
actions["resume"] = {disabled = not paused, iconClass = "fa fa-fw fa-play-circle"}
return actions
