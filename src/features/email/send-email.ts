import { KernelError } from '../../base/errors.js';
import { ambientService, type ServiceKey, serviceKey } from '../../base/services.js';
import type { BatchResult, Mailer } from './mailer.js';
import type { EmailMessage } from './message.js';

export const mailerService: ServiceKey<Mailer> = serviceKey('mailer');

/**
 * Sends one mail through the running kernel's server: `sendEmail({ to, subject, html })`. True when the server took it
 * (or, without a server outside production, when it was captured). What fails throws, so that a job tries again.
 */
export async function sendEmail(message: EmailMessage): Promise<true> {
  await runningMailer().send(message);
  return true;
}

/** Hands a mail over to whoever sends it: the workers, where some run. */
export type DeliverMail = (message: EmailMessage) => Promise<unknown>;

export const mailDeliveryService: ServiceKey<DeliverMail> = serviceKey('mail delivery');

/**
 * Leaves the mail to the workers, which try again for about half an hour while the mail server is away; where no worker runs
 * it is sent at once. Inside a transaction it goes out after the commit.
 */
export async function queueEmail(message: EmailMessage): Promise<void> {
  const mailer = runningMailer();
  mailer.check(message);
  await (ambientService(mailDeliveryService) ?? ((mail) => mailer.send(mail)))(message);
}

/** Sends each message on its own and answers how many went out and which failed. */
export function sendEmailBatch(messages: readonly EmailMessage[]): Promise<BatchResult> {
  return runningMailer().sendBatch(messages);
}

/** True when the running kernel has a mail server. */
export function isEmailConfigured(): boolean {
  return ambientService(mailerService)?.isConfigured ?? false;
}

function runningMailer(): Mailer {
  const mailer = ambientService(mailerService);
  if (mailer) return mailer;
  throw new KernelError('E_EMAIL_NOT_CONFIGURED', 'No kernel is running; start the service, or use createMailer()');
}
