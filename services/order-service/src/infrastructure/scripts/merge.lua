-- Moves a guest's cart into a member's: quantities are summed up to the most that may be ordered. Answers 1, or 0
-- when there would be too many products, and then nothing is moved.
-- KEYS: the guest's cart, the member's cart
-- ARGV: the most of a product, the most products, seconds that the cart lives
local guest = redis.call('HGETALL', KEYS[1])
local count = redis.call('HLEN', KEYS[2])
for i = 1, #guest, 2 do
  if redis.call('HEXISTS', KEYS[2], guest[i]) == 0 then
    count = count + 1
  end
end
if count > tonumber(ARGV[2]) then
  return 0
end
for i = 1, #guest, 2 do
  local has = tonumber(redis.call('HGET', KEYS[2], guest[i]) or '0')
  local sum = math.min(has + tonumber(guest[i + 1]), tonumber(ARGV[1]))
  redis.call('HSET', KEYS[2], guest[i], string.format('%d', sum))
end
redis.call('DEL', KEYS[1])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return 1
