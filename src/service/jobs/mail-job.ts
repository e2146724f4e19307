import { KernelError } from '../../base/errors.js';
import type { Logger } from '../../base/ports.js';
import { TextSealer } from '../../base/sealed-text.js';
import { ambientService } from '../../base/services.js';
import { AUTH_CONFIG } from '../../features/auth/index.js';
import { type EmailAttachment, type EmailMessage, mailerService } from '../../features/email/index.js';
import type { JobHandler, JobQueue, JobRegistry } from '../../jobs/index.js';

const TASK = 'kernel.send_mail';

export interface MailJobOptions {
  queue: JobQueue;
  registry: JobRegistry;
  /** Seals the mails: they hold tokens, and whoever reads Redis must not. */
  secret: string;
  /** Sends one at once, where the queue takes none. */
  send(message: EmailMessage): Promise<unknown>;
  /** Jobs in flight in this process. */
  workerCount: number;
  logger: Logger;
}

/** Has mails sent by the workers, which try again when the mail server is away, also after this process has ended. */
export function deliverByJob(options: MailJobOptions): (message: EmailMessage) => Promise<unknown> {
  const { queue, registry, secret, send, workerCount, logger } = options;
  const sealer = new TextSealer(secret, TASK);
  registry.register(TASK, sendMail, {
    maxAttempts: 8,
    timeoutMs: 90_000,
    concurrency: Math.max(1, workerCount - 1), // a mail server that hangs leaves room for other jobs
    retryDelaysMs: [1_000, 5_000, 30_000, 120_000, 600_000],
  });
  return async function deliver(message) {
    try {
      return await queue.enqueue(TASK, { sealed: sealer.seal(pack(message), TASK) });
    } catch (error) {
      logger.warn({ err: error }, 'A mail could not be queued; it is sent at once');
      return send(message);
    }
  };
}

/** One function for every kernel: what it needs comes from the one whose worker runs it. */
const sendMail: JobHandler<{ sealed: string }> = async ({ sealed }) => {
  const secret = ambientService(AUTH_CONFIG)?.tokenSecret ?? '';
  const mailer = ambientService(mailerService);
  const text = new TextSealer(secret, TASK).open(sealed, TASK);
  if (text === undefined || !mailer)
    throw new KernelError('E_EMAIL_REJECTED', 'The mail was sealed with another secret');
  await mailer.send(unpack(text));
};

/** JSON has no bytes: those of attachments are written as base64. */
function pack(message: EmailMessage): string {
  const attachments = message.attachments?.map(({ content, ...rest }) =>
    typeof content === 'string' ? { ...rest, content } : { ...rest, base64: content.toString('base64') },
  );
  return JSON.stringify({ ...message, attachments });
}

interface PackedAttachment extends Omit<EmailAttachment, 'content'> {
  content?: string;
  base64?: string;
}

function unpack(text: string): EmailMessage {
  const { attachments, ...message } = JSON.parse(text) as Omit<EmailMessage, 'attachments'> & {
    attachments?: PackedAttachment[];
  };
  if (!attachments) return message;
  return {
    ...message,
    attachments: attachments.map(({ base64, content = '', ...rest }) => ({
      ...rest,
      content: base64 === undefined ? content : Buffer.from(base64, 'base64'),
    })),
  };
}
