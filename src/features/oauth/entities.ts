import { Entity, Field, Model } from '../../orm/index.js';

/** Who somebody is at a provider. The provider's tokens are not kept: nothing here needs them after signing in. */
@Entity({
  table: 'kernel_oauth_accounts',
  unique: [
    ['provider', 'providerUserId'],
    ['userId', 'provider'],
  ],
})
export class KernelOAuthAccount extends Model {
  @Field({ type: 'string', nullable: false, index: true, length: 64 }) userId!: string;
  @Field({ type: 'string', nullable: false, index: true, length: 32 }) provider!: string;
  @Field({ type: 'string', nullable: false, index: true }) providerUserId!: string;
  @Field({ type: 'string' }) email?: string | null;
  @Field({ type: 'string' }) name?: string | null;
  @Field({ type: 'text' }) picture?: string | null;
}
