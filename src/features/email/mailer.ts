import type { SendMailOptions } from 'nodemailer';
import { type Clock, systemClock } from '../../base/clock.js';
import { KernelError } from '../../base/errors.js';
import { uuidv7 } from '../../base/ids.js';
import { type Logger, silentLogger } from '../../base/ports.js';
import { SPAN_KIND, withSpan } from '../../base/spans.js';
import { emailFailure } from './email-error.js';
import { connectionOptions, greetServer, type MailTimeouts, type SmtpGreeting } from './greet-server.js';
import { type EmailMessage, type PreparedEmail, prepareEmail } from './message.js';
import { resolveSmtpServer, type SmtpOptions, type SmtpServer } from './smtp-server-options.js';

export interface MailerOptions extends SmtpOptions {
  /** Sender of mails that name none. */
  from?: string | null;
  replyTo?: string | null;
  /** Without a server: keep mails in memory instead of refusing them. Meant for everything but production. */
  capture?: boolean;
  logger?: Logger;
  clock?: Clock;
  timeouts?: MailTimeouts;
}

export interface SentEmail {
  messageId: string;
  accepted: string[];
  /** Recipients that the server refused while it took others. */
  rejected: string[];
  /** True when nothing left this process. */
  captured: boolean;
}

/** A mail that was kept instead of sent. */
export interface CapturedEmail extends PreparedEmail {
  id: string;
  sentAt: Date;
}

export interface BatchResult {
  sent: number;
  failed: number;
  /** Which messages failed, by their place in the batch. */
  errors: Array<{ index: number; error: KernelError }>;
}

const MAX_CAPTURED = 100;
/** Mails under way at once in a batch: providers throttle more than a handful of connections. */
const BATCH_CONCURRENCY = 5;

/** Sends mail over SMTP, each message on a connection of its own and within a time limit. */
export class Mailer {
  readonly #options: MailerOptions;
  readonly #server: SmtpServer | undefined;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #captured: CapturedEmail[] = [];

  /** @throws ConfigError for a malformed `smtpUrl`. */
  constructor(options: MailerOptions = {}) {
    this.#options = options;
    this.#server = resolveSmtpServer(options);
    this.#logger = options.logger ?? silentLogger;
    this.#clock = options.clock ?? systemClock;
  }

  /** True when mail leaves this process. */
  get isConfigured(): boolean {
    return this.#server !== undefined;
  }

  /** True when a mail goes anywhere: to a server, or to the captured ones. */
  get canSend(): boolean {
    return this.isConfigured || this.#options.capture === true;
  }

  /** The newest captured mails, newest first; at most 100 are kept. */
  get captured(): readonly CapturedEmail[] {
    return [...this.#captured].reverse();
  }

  /**
   * Hands one mail to the server. It resolves only when the server has taken it.
   * @throws ValidationError for a bad mail; ConnectionError or TimeoutError when the server is away (worth a retry);
   * KernelError E_EMAIL_REJECTED when it refused; E_EMAIL_NOT_CONFIGURED when there is no server.
   */
  async send(message: EmailMessage): Promise<SentEmail> {
    const email = this.#prepare(message);
    const attributes = { recipients: email.to.length + email.cc.length + email.bcc.length };
    return withSpan('mail', { kind: SPAN_KIND.client, attributes }, async (span) => {
      const sent = await this.#send(email);
      span?.setAttribute('message_id', sent.messageId);
      return sent;
    });
  }

  /** Refuses now what `send` would refuse later. @throws ValidationError for a bad mail */
  check(message: EmailMessage): void {
    this.#prepare(message);
  }

  /**
   * Connects to the server and signs in as for a mail, and sends none; undefined where there is no server.
   * @throws what `send` throws for a server that is away or refuses
   */
  async greet(): Promise<SmtpGreeting | undefined> {
    return this.#server && greetServer(this.#server, this.#options.timeouts);
  }

  /** Sends each message on its own, so that no recipient sees another. A failure does not stop the others. */
  async sendBatch(messages: readonly EmailMessage[]): Promise<BatchResult> {
    const errors: BatchResult['errors'] = [];
    const queue = [...messages.entries()];
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const [index, message] = next;
        await this.send(message).catch((error: unknown) => errors.push({ index, error: emailFailure(error) }));
      }
    };
    await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, work));
    errors.sort((one, other) => one.index - other.index);
    return { sent: messages.length - errors.length, failed: errors.length, errors };
  }

  #prepare(message: EmailMessage): PreparedEmail {
    const { from, replyTo } = this.#options;
    return prepareEmail(message, { from: from ?? undefined, replyTo: replyTo ?? undefined });
  }

  async #send(email: PreparedEmail): Promise<SentEmail> {
    if (this.#server) return this.#deliver(this.#server, email);
    if (this.#options.capture) return this.#capture(email);
    throw new KernelError('E_EMAIL_NOT_CONFIGURED', 'No mail server is configured; set smtpUrl and emailFrom');
  }

  async #deliver(server: SmtpServer, email: PreparedEmail): Promise<SentEmail> {
    const { timeouts } = this.#options;
    const { createTransport } = await import('nodemailer'); // 39 modules, for those who send
    const transport = createTransport({
      ...connectionOptions(server, timeouts),
      // Nothing in a message may make this process read a file or fetch an address.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const signal = AbortSignal.timeout(timeouts?.sendMs ?? 60_000);
      const sent = await transport.sendMail({ ...toNodemailer(email), signal });
      this.#logger.info({ message_id: sent.messageId, recipients: sent.accepted.length }, 'Mail sent');
      return {
        messageId: sent.messageId,
        accepted: sent.accepted.map(addressOf),
        rejected: sent.rejected.map(addressOf),
        captured: false,
      };
    } catch (error) {
      throw emailFailure(error);
    } finally {
      transport.close();
    }
  }

  #capture(email: PreparedEmail): SentEmail {
    const id = uuidv7(this.#clock.now());
    this.#captured.push({ ...email, id, sentAt: new Date(this.#clock.now()) });
    if (this.#captured.length > MAX_CAPTURED) this.#captured.shift();
    this.#logger.info({ mail_id: id, recipients: email.to.length }, 'Mail captured: no mail server is configured');
    const accepted = [...email.to, ...email.cc, ...email.bcc].map(({ address }) => address);
    return { messageId: id, accepted, rejected: [], captured: true };
  }
}

export function createMailer(options: MailerOptions = {}): Mailer {
  return new Mailer(options);
}

function toNodemailer(email: PreparedEmail): SendMailOptions {
  const attachments = email.attachments.map(({ filename, content, contentType }) => ({
    filename,
    content,
    contentType,
  }));
  return { ...email, headers: { ...email.headers }, attachments };
}

function addressOf(recipient: string | { address: string }): string {
  return typeof recipient === 'string' ? recipient : recipient.address;
}
