import { z } from 'zod';
import { NotFoundError } from '../../../base/errors.js';
import type { TypedRouter } from '../../../http/index.js';
import type { BillingService } from '../billing-service.js';
import { Product, ProductTypeName, productShape } from './shapes.js';

/** What is on sale; what is not is shown to admins alone. */
export function addCatalogRoutes(router: TypedRouter, billing: BillingService): void {
  const query = z.object({
    active_only: z.stringbool().default(true).describe('Admins only: `false` also lists what is off sale.'),
    product_type: ProductTypeName.optional(),
  });
  const list = { auth: 'optional', query, response: z.array(Product) } as const;
  for (const [path, summary] of [
    ['/products', 'What is on sale'],
    ['/plans', 'What can be subscribed to'],
  ] as const) {
    router.get(path, { ...list, summary }, async ({ query: asked, user }) => {
      const activeOnly = asked.active_only || !user?.isAdmin;
      const productType = path === '/plans' ? 'subscription' : asked.product_type;
      const products = await billing.listProducts({ activeOnly, productType });
      const prices = await billing.listPrices({ activeOnly });
      return products.map((product) => productShape(product, prices));
    });
  }
  router.get(
    '/products/:slug',
    { params: z.object({ slug: z.string().max(100) }), response: Product, summary: 'One product' },
    async ({ params }) => {
      const product = await billing.getProductBySlug(params.slug);
      if (!product?.active) throw new NotFoundError('Product not found');
      return productShape(product, await billing.listPrices({ productId: product.id }));
    },
  );
}
