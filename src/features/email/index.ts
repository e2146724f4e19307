export { actionMail, tokenLink } from './action-mail.js';
export {
  type BatchResult,
  type CapturedEmail,
  createMailer,
  Mailer,
  type MailerOptions,
  type SentEmail,
} from './mailer.js';
export type { EmailAddress, EmailAttachment, EmailMessage } from './message.js';
export { Outbox } from './outbox.js';
export { createMailRouter } from './routes.js';
export {
  isEmailConfigured,
  mailDeliveryService,
  mailerService,
  queueEmail,
  sendEmail,
  sendEmailBatch,
} from './send-email.js';
