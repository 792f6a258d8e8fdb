#!/bin/bash
# What the official image does with CLUSTER_ID and KAFKA_...: KAFKA_LOG_DIRS is log.dirs.
set -euo pipefail
properties=/opt/kafka/config/server.properties
printenv | while IFS='=' read -r name value; do
  case "$name" in
    KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JVM_PERFORMANCE_OPTS) ;;
    KAFKA_*) name=${name#KAFKA_} && name=${name,,} && echo "${name//_/.}=$value" ;;
  esac
done > "$properties"
java=(java ${KAFKA_HEAP_OPTS:-} ${KAFKA_OPTS:-} ${KAFKA_JVM_PERFORMANCE_OPTS:-} -Dorg.slf4j.simpleLogger.defaultLogLevel=warn -cp '/opt/kafka/libs/*')
"${java[@]}" kafka.tools.StorageTool format --ignore-formatted \
  --cluster-id "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" --config "$properties"
exec "${java[@]}" kafka.Kafka "$properties"
