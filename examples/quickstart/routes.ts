import { cached, createRouter, dbContext, getJobClient, NotFoundError, rateLimit } from 'app-kernel';
import { z } from 'zod';
import { Product } from './product.js';

const ProductIn = z.object({
  name: z.string().min(1).max(255),
  price: z.int().min(0).describe('Cents.'),
  stock: z.int().min(0).optional(),
  tags: z.array(z.string()).optional(),
});
const ProductOut = z.object({
  id: z.string(),
  ...ProductIn.shape,
  tags: z.array(z.string()).nullish(),
  workspace_id: z.string(),
  status: z.string(),
  version: z.int(),
  created_at: z.iso.datetime(),
});

const productStats = cached({ ttlSeconds: 60, key: 'stats:products' }, async () => ({
  products: await Product.count(),
  published: await Product.count({ where: { status: 'published' } }),
}));

export const router = createRouter({ tags: ['quickstart'] });

router.get(
  '/products',
  { query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }), response: z.array(ProductOut) },
  ({ query }) => Product.find({ orderBy: { createdAt: 'desc' }, limit: query.limit }),
);

router.post('/products', { auth: 'user', body: ProductIn, response: ProductOut, status: 201 }, ({ body, user }) =>
  Product.save({ ...body, workspaceId: user.id }),
);

router.patch(
  '/products/:id',
  { auth: 'user', body: ProductIn.partial(), response: ProductOut },
  async ({ params, body, user }) => {
    const product = await Product.findOne({ where: { id: params.id, workspaceId: user.id } });
    if (!product) throw new NotFoundError('Product not found');
    return Product.save({ id: product.id, ...body });
  },
);

router.get('/products/:id/history', { auth: 'user' }, async ({ params, user }) => {
  const product = await Product.findOne({ where: { id: params.id, workspaceId: user.id } });
  if (!product) throw new NotFoundError('Product not found');
  return Product.history(product.id);
});

router.get('/profile', { auth: 'user' }, ({ user }) => user.toDict());

router.get('/feed', { auth: 'optional' }, ({ user }) =>
  Product.find({ where: user ? { workspaceId: user.id } : { status: 'published' }, limit: 20 }),
);

router.delete('/products/:id', { auth: 'admin' }, async ({ params }) => {
  if (!(await Product.softDelete(params.id))) throw new NotFoundError('Product not found');
});

router.get('/stats', {}, () => productStats());

router.post('/export', { auth: 'user', use: [rateLimit(5)] }, ({ user }) =>
  dbContext(async () => {
    const products = await Product.find({ where: { workspaceId: user.id } });
    return { exported_at: new Date().toISOString(), total: products.length, products };
  }),
);

router.post('/welcome', { auth: 'user', status: 202 }, async ({ user }) => {
  const job = await getJobClient().enqueue('send_welcome_email', { to: user.email }, { userId: user.id });
  return { job_id: job.jobId, status: job.status };
});
