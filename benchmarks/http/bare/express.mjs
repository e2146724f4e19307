import { createServer } from 'node:http';
import express from 'express';
import { HELLO } from '../workload.mjs';

export async function start() {
  const app = express();
  app.get('/hello', (_request, response) => response.json(HELLO));
  return { server: createServer(app) };
}
