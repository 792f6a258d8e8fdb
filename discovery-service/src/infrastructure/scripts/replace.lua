-- Writes a roster if it is still the one that was read, and tells the replicas.
-- KEYS: the roster, the services' names, the index
-- ARGV: what was read ('' for nothing), what to write ('' to delete), the name, '1' when watchers must hear
--       of it, the channel
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
if ARGV[2] == '' then
  redis.call('DEL', KEYS[1])
  redis.call('SREM', KEYS[2], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[2])
  redis.call('SADD', KEYS[2], ARGV[3])
end
if ARGV[4] == '1' then
  -- The first index of an empty store is the time in ms: never one that was given out before the store was lost.
  local time = redis.call('TIME')
  redis.call('SET', KEYS[3], string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)), 'NX')
  redis.call('PUBLISH', ARGV[5], redis.call('INCR', KEYS[3]))
end
return 1
