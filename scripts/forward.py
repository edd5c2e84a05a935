"""Lets containers reach the stack, which listens on 127.0.0.1 only: forwards one port of all addresses to one there.

Usage: forward.py TARGET_PORT SECONDS; prints the port that it listens on and ends after SECONDS.
"""

import asyncio
import sys


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(target, seconds):
    async def connect(reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    server = await asyncio.start_server(connect, "0.0.0.0", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(seconds)


asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
