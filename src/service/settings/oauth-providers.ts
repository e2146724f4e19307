import { z } from 'zod';

const client = z.object({ client_id: z.string().min(1), client_secret: z.string().min(1) });
const providerMap = z.strictObject({ google: client, github: client }).partial();
/** `{ google: { client_id, client_secret } }`; as JSON in an environment variable. */
export const oauthProviders = z
  .custom<z.output<typeof providerMap> | string>()
  .transform((value, context): z.output<typeof providerMap> => {
    const parsed = providerMap.safeParse(fromJson(value));
    if (parsed.success) return parsed.data;
    context.addIssue('is not { "google": { "client_id", "client_secret" } }, or "github" likewise');
    return z.NEVER;
  });

function fromJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
