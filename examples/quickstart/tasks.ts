import { type JobContext, sendEmail } from 'app-kernel';

export async function sendWelcomeEmail(data: { to: string }, ctx: JobContext): Promise<{ sent: boolean }> {
  await ctx.log(`Welcoming ${data.to}`);
  const sent = await sendEmail({ to: data.to, subject: 'Welcome!', html: '<h1>Hello</h1>', text: 'Hello' });
  return { sent };
}
