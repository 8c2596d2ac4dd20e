if obj.metadata.annotations ~= nil then
  obj.metadata.annotations["ecs.longshore.dev/paused-until"] = nil
end
return obj
