-- Send a prepared body. A line: number of the token, path, body.
local common = require("common")

response = common.count_statuses

function init(args)
    common.start(args)
end

function request()
    local item = common.next()
    if not item then
        return common.nothing()
    end
    return common.post(item[2], common.tokens[tonumber(item[1])], item[3])
end
