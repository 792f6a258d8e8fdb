-- Everything at one moment: time in ms, last attendance, since when there was no break, the index, and the
-- rosters as name, roster, name, roster … ; 0 for what is missing.
-- KEYS: the last attendance, since when there was no break, the index, the services' names
-- ARGV: what a roster's key begins with
local time = redis.call('TIME')
local answer = {
  time[1] * 1000 + math.floor(time[2] / 1000),
  tonumber(redis.call('GET', KEYS[1])) or 0,
  tonumber(redis.call('GET', KEYS[2])) or 0,
  tonumber(redis.call('GET', KEYS[3])) or 0,
}
local rosters = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[4])) do
  local roster = redis.call('GET', ARGV[1] .. name)
  if roster then
    rosters[#rosters + 1] = name
    rosters[#rosters + 1] = roster
  end
end
answer[5] = rosters
return answer
