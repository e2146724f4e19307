export {
  type BatchResult,
  type CapturedEmail,
  createMailer,
  Mailer,
  type MailerOptions,
  type MailTimeouts,
  type SentEmail,
} from './mailer.js';
export type { EmailAddress, EmailAttachment, EmailMessage, Mailbox } from './message.js';
export { createMailRouter, type MailRouterOptions } from './routes.js';
export { isEmailConfigured, mailerService, sendEmail, sendEmailBatch } from './send-email.js';
export type { SmtpOptions } from './smtp-server-options.js';
