import { z } from 'zod';
import { pageUrl, url } from './field-types.js';

const oauthClient = z.strictObject({ clientId: z.string().min(1), clientSecret: z.string().min(1) }).nullable();
const endpoints = z.strictObject({ authorize: url, token: url, userinfo: url, emails: url, issuer: url }).partial();

export const oauth = z.strictObject({
  google: oauthClient.default(null).describe('`{ clientId, clientSecret }`: sign in with Google.'),
  github: oauthClient.default(null).describe('`{ clientId, clientSecret }`: sign in with GitHub.'),
  endpoints: z
    .strictObject({ google: endpoints, github: endpoints })
    .partial()
    .default({})
    .describe('Where the providers are, when not where everybody’s are.'),
  publicUrl: pageUrl.describe('Where this service is reached; the callback is below it.'),
  redirectUrls: z
    .array(url)
    .default([])
    .describe('Pages people may be sent to after signing in; one that ends with `/` allows all below it.'),
});

export const completeOAuth = oauth.superRefine(({ google, github, publicUrl }, context) => {
  if ((!google && !github) || publicUrl !== null) return;
  context.addIssue({ code: 'custom', path: ['publicUrl'], message: 'is needed to sign in with a provider' });
});
