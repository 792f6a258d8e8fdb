#!/opt/mongo/bin/python3
"""What the official image does with MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD."""
import os
import pathlib
import signal
import subprocess
import sys

import pymongo

if sys.argv[1:2] != ["mongod"]:
    os.execvp(sys.argv[1], sys.argv[1:])
data = pathlib.Path("/data/db")
os.chown(data, 999, 999)
os.setgid(999)
os.setuid(999)
os.environ["HOME"] = str(data)
server = ["/opt/mongo/bin/secantusd-py", "--storage-path", str(data), "--cache-size", "256M", "--sync-on-commit"]
user = os.environ.get("MONGO_INITDB_ROOT_USERNAME")
prepared = data / "prepared"
if user and not prepared.exists():
    # Until the account exists nobody gets in over the network.
    first = subprocess.Popen([*server, "--host", "127.0.0.1", "--port", "27017"])
    client = pymongo.MongoClient("mongodb://127.0.0.1:27017/?directConnection=true", serverSelectionTimeoutMS=30000)
    client.admin.command(
        "createUser", user, pwd=os.environ["MONGO_INITDB_ROOT_PASSWORD"], roles=[{"role": "root", "db": "admin"}]
    )
    client.close()
    first.send_signal(signal.SIGINT)
    first.wait()
    prepared.touch()
os.execv(server[0], [*server, "--host", "0.0.0.0", "--port", "27017", *(["--auth"] if user else [])])
