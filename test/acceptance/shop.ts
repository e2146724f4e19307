import { createRouter, NotFoundError, rateLimit, type Service } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { z } from 'zod';
import { freshService } from '../service/setup/fresh-service.js';
import { type Send, sendOver, sendTo } from '../service/setup/http-calls.js';

@Entity({ table: 'acceptance_items' })
class Item extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) price!: number;
  @Field({ type: 'json' }) tags?: string[];
}

const ItemIn = z.object({
  name: z.string().min(1).max(40),
  price: z.int().min(0),
  tags: z.array(z.string()).optional(),
  maker: z.object({ country: z.string().length(2) }).optional(),
});

/** A small service with one route for every way to be wrong. */
export function openShop(options: Parameters<typeof freshService>[0] = {}): Service {
  const router = createRouter({ prefix: '/items', tags: ['shop'] });
  router.get(
    '/',
    { query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }), summary: 'All items' },
    ({ query }) => Item.find({ limit: query.limit }),
  );
  router.post('/', { body: ItemIn, status: 201 }, ({ body }) => Item.save(body));
  router.post('/echo', { body: z.unknown() }, ({ body }) => ({ body }));
  router.get('/mine', { auth: 'user' }, ({ user }) => ({ id: user.id }));
  router.get('/secret', { auth: 'admin' }, () => ({ secret: true }));
  router.get('/crash', {}, () => {
    throw new Error('SELECT password FROM users -- /srv/app/db.ts:17');
  });
  router.get('/limited', { use: [rateLimit(2)] }, () => ({ ok: true }));
  router.get('/:id', {}, async ({ params }) => {
    const item = await Item.get(params.id);
    if (!item) throw new NotFoundError('Item not found');
    return item;
  });
  return freshService({
    name: 'shop',
    version: '3.2.1',
    description: 'Sells items.',
    entities: [Item],
    routers: [router],
    ...options,
  });
}

export interface Door {
  name: 'inject' | 'socket';
  open(service: Service): Promise<Send>;
}

/** The two ways into a service: without and with a socket. */
export const DOORS: readonly Door[] = [
  {
    name: 'inject',
    open: async (service) => {
      await service.ready();
      return sendTo(service);
    },
  },
  {
    name: 'socket',
    open: async (service) => {
      await service.listen(0, '127.0.0.1');
      return sendOver(`http://127.0.0.1:${service.port}`);
    },
  },
];
