-- Takes what was ordered out of a cart, once for each order.
-- KEYS: the cart, the order's mark
-- ARGV: seconds that the mark is kept, then products and quantities in turn
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then
  return 0
end
for i = 2, #ARGV, 2 do
  local has = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  local left = has - tonumber(ARGV[i + 1])
  if left > 0 then
    redis.call('HSET', KEYS[1], ARGV[i], string.format('%d', left))
  else
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return 1
