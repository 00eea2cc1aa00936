-- What the load scripts share: who asks for what, one line of a file for each request, and the figures at the end.
--
-- Arguments behind `--`: a file of tokens, a file of lines with fields between tabs, a mark that makes this run's keys its
-- own, `random` (lines are drawn) or `once` (each line once; a thread whose share is used up stops, and makes a file named
-- like the file of lines to say so, since wrk itself waits for the time to pass), and the number of threads.

local common = {}

local threads = {}

-- Called by wrk for each thread, in an environment that the threads do not see.
function setup(thread)
    table.insert(threads, thread)
    thread:set("thread_no", #threads)
end

local function read(path)
    local lines = {}
    for line in io.lines(path) do
        lines[#lines + 1] = line
    end
    return lines
end

local function split(line)
    local fields = {}
    for field in (line .. "\t"):gmatch("([^\t]*)\t") do
        fields[#fields + 1] = field
    end
    return fields
end

-- The status of every answer is counted where answers are small; see `count_statuses`.
statuses = {}
-- The first answer that was one.
fault = nil
-- How many lines this thread has taken.
taken = 0

function common.start(args)
    common.tokens = read(args[1])
    common.mark = args[3]
    common.over = args[2] .. ".over-" .. thread_no
    common.is_random = args[4] == "random"
    local count, step = 0, common.is_random and 1 or tonumber(args[5])
    local lines = read(args[2])
    common.items = {}
    for at = common.is_random and 1 or thread_no, #lines, step do
        count = count + 1
        common.items[count] = split(lines[at])
    end
    common.count = count
    math.randomseed(os.time() * 131 + thread_no * 7919 + #args[3])
    for _ = 1, 10 do math.random() end
end

-- The fields of the next line; nil where there is none left, and then the thread stops.
function common.next()
    taken = taken + 1
    if common.is_random then
        return common.items[math.random(common.count)]
    end
    local item = common.items[taken]
    if not item then
        taken = taken - 1
        io.open(common.over, "w"):close()
        wrk.thread:stop()
    end
    return item
end

-- A key that no other request has.
function common.key()
    return common.mark .. "-" .. thread_no .. "-" .. taken
end

local host

local function head(method, path, token)
    host = host or wrk.headers["Host"] or (wrk.host .. ":" .. wrk.port)
    return method .. " " .. path .. " HTTP/1.1\r\nHost: " .. host .. "\r\nAuthorization: Bearer " .. token .. "\r\n"
end

function common.get(path, token)
    return head("GET", path, token) .. "\r\n"
end

function common.post(path, token, body, more)
    return head("POST", path, token) .. (more or ("Content-Type: application/json\r\nIdempotency-Key: " .. common.key() .. "\r\n"))
        .. "Content-Length: " .. #body .. "\r\n\r\n" .. body
end

-- wrk asks for a request also where none is left; this one is cut off by the end of the thread.
function common.nothing()
    return "GET /healthz HTTP/1.1\r\nHost: none\r\n\r\n"
end

-- To be the global `response`. Reading an answer costs the client what it is long, so lists go without: wrk itself counts
-- what is above 399.
function common.count_statuses(status, headers, body)
    local name = tostring(status)
    statuses[name] = (statuses[name] or 0) + 1
    if status > 399 and not fault then
        fault = body
    end
end

-- Milliseconds within which that part of the answers came. wrk adds to what it measured what steady clients would have waited behind each
-- slow answer (its `stats_correct`), and pgbench does not: it is taken out again, as it was put in, from the slowest on.
local function waits(summary, latency)
    local expected = math.floor(summary.duration / math.max(1, math.floor(summary.requests / tonumber(os.getenv("CLIENTS")))))
    local values, counts, total = {}, {}, 0
    for at = 1, #latency do
        local value, count = latency(at)
        values[at], counts[value] = value, count
    end
    for at = #values, 1, -1 do
        local value = values[at]
        total = total + counts[value]
        if value >= 2 * expected then
            for added = value - expected, expected + 1, -expected do
                if counts[added] then
                    counts[added] = counts[added] - counts[value]
                end
            end
        end
    end
    return function(part)
        local seen = 0
        for _, value in ipairs(values) do
            seen = seen + counts[value]
            if seen >= part * total then
                return value / 1e3
            end
        end
        return 0
    end
end

-- As JSON on the last line.
function done(summary, latency, requests)
    local by_status, taken_most = {}, 0
    for _, thread in ipairs(threads) do
        for name, count in pairs(thread:get("statuses") or {}) do
            by_status[name] = (by_status[name] or 0) + count
        end
        taken_most = math.max(taken_most, thread:get("taken") or 0)
    end
    local parts = {}
    for name, count in pairs(by_status) do
        parts[#parts + 1] = string.format('"%s": %d', name, count)
    end
    for _, thread in ipairs(threads) do
        local fault = thread:get("fault")
        if fault then
            print("\na fault: " .. fault)
        end
    end
    local errors = summary.errors
    local within = waits(summary, latency)
    print(string.format(
        '\n{"requests": %d, "seconds": %.6f, "bytes": %d, "p50": %.3f, "p90": %.3f, "p99": %.3f, "max": %.3f, '
            .. '"above_399": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d, "taken": %d, "statuses": {%s}}',
        summary.requests, summary.duration / 1e6, summary.bytes, within(0.5), within(0.9), within(0.99), latency.max / 1e3, errors.status, errors.connect, errors.read, errors.write,
        errors.timeout, taken_most, table.concat(parts, ", ")
    ))
end

return common
