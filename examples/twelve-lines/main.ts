import { createRouter, quickService } from 'app-kernel';
import { Entity, Field, Model } from 'app-kernel/orm';
import { z } from 'zod';

@Entity({ table: 'notes' })
class Note extends Model {
  @Field({ type: 'text', nullable: false }) body!: string;
}

const router = createRouter({ prefix: '/notes' });
router.get('/', {}, () => Note.find({ orderBy: 'created_at desc' }));
router.post('/', { auth: 'user', body: z.object({ body: z.string() }), status: 201 }, ({ body }) => Note.save(body));

export const service = quickService('notes', { routers: [router] });
