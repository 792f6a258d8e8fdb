-- Says that discovery is at work.
-- KEYS: the last attendance, since when there was no break, the index
-- ARGV: the longest pause that is no break, how long recovery takes (both in ms), the channel
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[1]))
local since = tonumber(redis.call('GET', KEYS[2]))

-- The first index of an empty store is the time in ms: never one that was given out before the store was lost.
redis.call('SET', KEYS[3], string.format('%d', now), 'NX')
if not last or not since or now - last > tonumber(ARGV[1]) then
  since = now
  redis.call('SET', KEYS[2], string.format('%d', since))
end
redis.call('SET', KEYS[1], string.format('%d', now))

local recovered = since + tonumber(ARGV[2])
if last and last < recovered and recovered <= now then
  redis.call('PUBLISH', ARGV[3], redis.call('INCR', KEYS[3]))
end
return { now, since }
