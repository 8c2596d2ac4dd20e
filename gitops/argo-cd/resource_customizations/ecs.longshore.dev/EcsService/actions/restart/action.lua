-- New tasks in place of all, as `kubectl rollout restart` does for a Deployment.
local os = require("os")
obj.spec.restartedAt = os.date("!%Y-%m-%dT%XZ")
return obj
