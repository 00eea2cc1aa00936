-- Ask for an address. A line: number of the token, path and query.
local common = require("common")

function init(args)
    common.start(args)
end

function request()
    local item = common.next()
    return common.get(item[2], common.tokens[tonumber(item[1])])
end
