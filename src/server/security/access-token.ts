/** The access token: given once in the address, then kept by the browser as a cookie that no script can read. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest();

export class AccessToken {
  readonly text: string;
  /** Cookies are shared by all ports of a host; each server has its own name. */
  readonly cookieName: string;

  constructor(text: string = randomBytes(24).toString('base64url')) {
    this.text = text;
    this.cookieName = `mvhybrid_${digest(text).toString('hex').slice(0, 8)}`;
  }

  isRight(given: string | undefined): boolean {
    return given !== undefined && timingSafeEqual(digest(given), digest(this.text));
  }

  /** From the cookie, or `Authorization: Bearer` for programs. */
  isIn(headers: {
    readonly cookie?: string | undefined;
    readonly authorization?: string | undefined;
  }): boolean {
    const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim());
    const kept = cookies.find((part) => part.startsWith(`${this.cookieName}=`));
    const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    return this.isRight(kept?.slice(this.cookieName.length + 1)) || this.isRight(bearer);
  }

  cookie(): string {
    return `${this.cookieName}=${this.text}; HttpOnly; SameSite=Strict; Path=/`;
  }
}
