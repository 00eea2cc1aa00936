-- Hand in a mail. A line: number of the token, file with a message in which @KEY@ stands for what makes each its own.
local common = require("common")

response = common.count_statuses

local messages = {}

local function message(path)
    if not messages[path] then
        local file = assert(io.open(path, "rb"))
        local parts = {}
        for part in (file:read("*a") .. "@KEY@"):gmatch("(.-)@KEY@") do
            parts[#parts + 1] = part
        end
        file:close()
        messages[path] = parts
    end
    return messages[path]
end

function init(args)
    common.start(args)
end

function request()
    local item = common.next()
    local key = common.key()
    local envelope = "Content-Type: message/rfc822\r\nX-Envelope-From: soumu@k" .. key .. ".example.jp\r\n"
        .. "X-Envelope-To: sodan@madoguchi.example\r\n"
    return common.post("/api/v1/intake/email", common.tokens[tonumber(item[1])], table.concat(message(item[2]), key), envelope)
end
