import { ADMIN } from './service.js';

/** The commands that the banner prints: each line runs as it stands, after the ones before it. */
export function tourCommands(baseUrl: string): string[] {
  const api = `${baseUrl}/api/v1`;
  const json = "-H 'Content-Type: application/json'";
  const signedIn = '-H "Authorization: Bearer $TOKEN"';
  const login = (username: string, password: string): string =>
    `$(curl -s ${api}/auth/login ${json} -d '{"username":"${username}","password":"${password}"}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`;
  return [
    `curl -s ${api}/auth/register ${json} -d '{"username":"ada@example.com","email":"ada@example.com","password":"difference-engine"}'`,
    `TOKEN=${login('ada@example.com', 'difference-engine')}`,
    `curl -s ${api}/products ${json} ${signedIn} -d '{"name":"Widget '$(date +%s)'","price":999,"tags":["new"]}'`,
    `curl -s ${api}/products`,
    `PRODUCT=$(curl -s ${api}/products | sed 's/^\\[{[^}]*"id":"\\([^"]*\\)".*/\\1/')`,
    `curl -s -X PATCH ${api}/products/$PRODUCT ${json} ${signedIn} -d '{"price":1299}'`,
    `curl -s ${api}/products/$PRODUCT/history ${signedIn}`,
    `curl -s -X POST ${api}/welcome ${signedIn}`,
    `ADMIN=${login(ADMIN.email, ADMIN.password)}`,
    `curl -s ${baseUrl}/metrics -H "Authorization: Bearer $ADMIN" | head -5`,
  ];
}
