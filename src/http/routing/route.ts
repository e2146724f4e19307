import type { z } from 'zod';
import type { UploadedFiles } from '../body/multipart.js';
import type { AuthInfo, HttpContext, HttpMiddleware } from '../request-state.js';
import type { UserIdentity } from '../user-identity.js';
import type { PathParams } from './path-params.js';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

/** Guards beyond "is somebody", each checked by the room that registered its kind. Rooms add kinds by merging. */
export interface AuthGuards {
  /** An API key must carry this scope. */
  scope?: string;
  /** `session`: only who has signed in, no API key; `any`: every API key, whatever its scopes. */
  proof?: 'session' | 'any';
  permission?: string;
  /** The caller's least role in the workspace that the request is about. */
  workspace?: 'member' | 'admin' | 'owner';
}

/** Who may call a route. An object asks for a user, and for what it names. */
export type AuthRequirement = 'none' | 'optional' | 'user' | 'admin' | AuthGuards;

export type BodyFormat = 'json' | 'form' | 'multipart';

type Schema = z.ZodType;
type MaybeSchema = Schema | undefined;

/** What a route declares. From it come validation, guards, OpenAPI and the types of the handler's argument. */
export interface RouteOptions<
  Auth extends AuthRequirement = AuthRequirement,
  Params extends MaybeSchema = MaybeSchema,
  Query extends MaybeSchema = MaybeSchema,
  Body extends MaybeSchema = MaybeSchema,
  Response extends MaybeSchema = MaybeSchema,
> {
  /** Default `none`. */
  auth?: Auth;
  /** Schemas name the wire's fields, in snake_case. */
  params?: Params;
  query?: Query;
  body?: Body;
  /** Describes the answer and strips from it every field it does not name. */
  response?: Response;
  /** Status of success; default 200, or 204 where the handler returns nothing. */
  status?: number;
  /** Middleware of this route, run after the guard and before validation. */
  use?: readonly HttpMiddleware[];
  /** How the body may come; default JSON. */
  accepts?: BodyFormat | readonly BodyFormat[];
  /** Hands the untouched bytes to the handler, for signatures. Without `body`, any content type is taken. */
  rawBody?: boolean;
  /** Overrides the service's limit, bytes. */
  maxBodySize?: number;
  /** Says in OpenAPI that the answer is an event stream; what the handler returns makes it one. */
  stream?: boolean;
  summary?: string;
  description?: string;
  tags?: readonly string[];
  operationId?: string;
  deprecated?: boolean;
  /** Leaves the route out of OpenAPI. */
  hidden?: boolean;
}

/** A route whose types have been used up: what tables, guards and OpenAPI read. */
export interface RouteDeclaration {
  readonly method: HttpMethod;
  /** Template below the router's mount point, router prefix included. */
  readonly path: string;
  readonly options: RouteOptions;
  readonly handler: (input: never) => unknown;
  /** The router's middleware, then the route's. */
  readonly use: readonly HttpMiddleware[];
}

type Known<Auth extends AuthRequirement, T> = Auth extends 'none' | 'optional' ? T | null : T;
type OutputOf<S extends MaybeSchema, Otherwise> = S extends Schema ? z.output<S> : Otherwise;

/** What a handler gets. */
export interface RouteInput<
  Params = unknown,
  Query = unknown,
  Body = unknown,
  User = UserIdentity | null,
  Auth = AuthInfo | null,
> {
  readonly ctx: HttpContext;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** The bytes as they came, where the route asks for `rawBody`. */
  readonly rawBody: Buffer | undefined;
  /** What a multipart body uploaded, by field; removed once the answer is sent. */
  readonly files: UploadedFiles;
  readonly user: User;
  readonly auth: Auth;
  readonly requestId: string;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

/** A value whose JSON form is `T`: itself, or what serialises to it (a model, a `Date` for a string). */
export type Sendable<T> =
  | T
  | { toJSON(): unknown }
  | (T extends string ? Date | bigint : never)
  | (T extends readonly (infer Item)[] ? readonly Sendable<Item>[] : never)
  | (T extends object ? { [Key in keyof T]: Sendable<T[Key]> } : never);

type ResultOf<Response extends MaybeSchema> = Response extends Schema ? Sendable<z.input<Response>> : unknown;

export type RouteHandler<
  Path extends string,
  Auth extends AuthRequirement,
  Params extends MaybeSchema,
  Query extends MaybeSchema,
  Body extends MaybeSchema,
  Response extends MaybeSchema,
> = (
  input: RouteInput<
    OutputOf<Params, PathParams<Path>>,
    OutputOf<Query, Record<string, string | string[] | undefined>>,
    OutputOf<Body, undefined>,
    Known<Auth, UserIdentity>,
    Known<Auth, AuthInfo>
  >,
) => ResultOf<Response> | Promise<ResultOf<Response>>;

/** Declares one route: path, options, handler. */
export type DeclareRoute<Prefix extends string, Self> = <
  Path extends string,
  const Auth extends AuthRequirement = 'none',
  Params extends MaybeSchema = undefined,
  Query extends MaybeSchema = undefined,
  Body extends MaybeSchema = undefined,
  Response extends MaybeSchema = undefined,
>(
  path: Path,
  options: RouteOptions<Auth, Params, Query, Body, Response>,
  handler: RouteHandler<`${Prefix}${Path}`, Auth, Params, Query, Body, Response>,
) => Self;
