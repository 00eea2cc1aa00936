-- Open a case by phone. A line: number of the token, enterprise; without one the enterprise is new. Each caller has a number and
-- a mail domain of their own: those that are shared queue up, so that no duplicate is opened unnoticed.
local common = require("common")

response = common.count_statuses

local description = string.rep("お電話にて在宅勤務の導入と助成金のご相談を受けました。", 13)
local families = { "佐藤", "鈴木", "高橋", "田中", "伊藤", "渡辺", "山本", "中村" }

function init(args)
    common.start(args)
end

function request()
    local item = common.next()
    if not item then
        return common.nothing()
    end
    local key = common.key()
    local phone = string.format("0%d0%08d", math.random(7, 9), math.random(10000000, 99999999))
    local enterprise = '{"id":"' .. item[2] .. '"}'
    if item[2] == "" then
        enterprise = '{"kind":"company","name":"株式会社計測' .. key .. '","prefecture_code":"13","industry_code":"G",'
            .. '"employees":24,"phone":"' .. string.format("03%08d", math.random(30000000, 69999999)) .. '"}'
    end
    local body = '{"channel":"phone","enterprise":' .. enterprise
        .. ',"contacts":[{"role":"primary","name":"' .. families[math.random(#families)] .. ' 花子","phone":"' .. phone
        .. '","email":"soumu@k' .. key .. '.example.jp"}],"subject":"在宅勤務の助成金について","description":"' .. description
        .. '","topics":["labour","subsidy"],"telework_status":"considering","desired_mode":"online"}'
    return common.post("/api/v1/cases", common.tokens[tonumber(item[1])], body)
end
