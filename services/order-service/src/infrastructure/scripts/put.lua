-- Sets a product's quantity unless that makes too many products. Answers 1, or 0 when the cart is full.
-- KEYS: the cart
-- ARGV: the product, its quantity, the most products, seconds that the cart lives
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
