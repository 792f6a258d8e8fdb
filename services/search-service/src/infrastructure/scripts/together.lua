-- Counts an order's pairs, once. KEYS: the order's mark, then a sorted set for each product.
-- ARGV: how long the mark is kept, the pairs that are kept of each product, then the products.
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
  return 0
end
for i = 2, #KEYS do
  for j = 3, #ARGV do
    if j ~= i + 1 then
      redis.call('ZINCRBY', KEYS[i], 1, ARGV[j])
    end
  end
  redis.call('ZREMRANGEBYRANK', KEYS[i], 0, -ARGV[2] - 1)
end
return 1
