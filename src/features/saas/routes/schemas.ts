import { z } from 'zod';
import { canonicalName, isEmail } from '../../auth/index.js';
import type { KernelProject, KernelWorkspace, KernelWorkspaceInvite, KernelWorkspaceMember } from '../entities.js';

const MAX_SETTINGS_BYTES = 64 * 1024;

export const Name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^\P{C}+$/u, 'Control characters are not allowed');
export const Slug = z.string().trim().min(1).max(100);
export const Role = z.string();
export const Email = z
  .string()
  .refine((email) => isEmail(canonicalName(email)), 'Not a valid e-mail address')
  .meta({ format: 'email' });
export const Settings = z
  .record(z.string(), z.unknown())
  .refine((settings) => JSON.stringify(settings).length <= MAX_SETTINGS_BYTES, 'Use at most 64 KiB');

const Moment = z.string().meta({ format: 'date-time' });

export const WorkspaceResponse = z.object({
  id: z.string(),
  name: z.string(),
  slug: z.string(),
  owner_id: z.string(),
  is_personal: z.boolean(),
  role: z.string().nullable(),
  created_at: Moment,
});

export const MemberResponse = z.object({ id: z.string(), user_id: z.string(), role: z.string(), joined_at: Moment });

export const InviteResponse = z.object({
  id: z.string(),
  email: z.string(),
  role: z.string(),
  status: z.string(),
  token: z.string().nullable().describe('Shown once, to who made the invite.'),
  invite_url: z.string().nullable(),
  expires_at: Moment,
  created_at: Moment,
});

export const ProjectResponse = z.object({
  id: z.string(),
  workspace_id: z.string(),
  name: z.string(),
  slug: z.string(),
  description: z.string().nullable(),
  settings: z.record(z.string(), z.unknown()),
  created_by: z.string().nullable(),
  created_at: Moment,
  updated_at: Moment,
});

export function toWorkspace(workspace: KernelWorkspace, role: string | undefined) {
  const { id, name, slug, ownerId, isPersonal, createdAt } = workspace;
  return {
    id,
    name,
    slug,
    owner_id: ownerId,
    is_personal: isPersonal,
    role: role ?? null,
    created_at: createdAt,
  };
}

export function toMember({ id, userId, role, joinedAt }: KernelWorkspaceMember) {
  return { id, user_id: userId, role, joined_at: joinedAt };
}

export function toInvite(
  { id, email, role, status, expiresAt, createdAt }: KernelWorkspaceInvite,
  shown: { token: string; url: string | null } | null = null,
) {
  return {
    id,
    email,
    role,
    status,
    token: shown?.token ?? null,
    invite_url: shown?.url ?? null,
    expires_at: expiresAt,
    created_at: createdAt,
  };
}

export function toProject(project: KernelProject) {
  const { id, workspaceId, name, slug, description, settingsJson, createdBy, createdAt, updatedAt } = project;
  return {
    id,
    workspace_id: workspaceId,
    name,
    slug,
    description: description ?? null,
    settings: settingsJson ?? {},
    created_by: createdBy ?? null,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
