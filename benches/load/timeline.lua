-- Show a case with its timeline, as its page does: two requests at once on one connection. Their time is that of both
-- answers. A line: number of the token, case.
local common = require("common")

function init(args)
    common.start(args)
end

function request()
    local item = common.next()
    local token = common.tokens[tonumber(item[1])]
    local path = "/api/v1/cases/" .. item[2]
    return common.get(path, token) .. common.get(path .. "/timeline", token)
end
