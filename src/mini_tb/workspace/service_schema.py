"""The schemas of service data sources: what the service tells about itself, in its own words.

Each is a time column and columns as `name type`; the names, types and order are those that clients
of the service query.
"""

from __future__ import annotations

from functools import cache

from mini_tb.project import Column, Datasource, Engine
from mini_tb.types import parse_type

_SCHEMAS: dict[str, tuple[str, str]] = {
    "tinybird.pipe_stats_rt": (
        "start_datetime",
        """
            start_datetime DateTime
            pipe_id String
            pipe_name String
            token String
            token_name String
            duration Float32
            read_bytes UInt64
            read_rows UInt64
            cpu_time Float32
            result_rows UInt64
            url Nullable(String)
            error UInt8
            error_message Nullable(String)
            status_code Int32
            request_id String
            parameters Map(String, String)
            method String
            release String
            user_agent Nullable(String)
            client_ip Nullable(String)
            resource_tags Array(String)
            memory_usage UInt64
            replica String
        """,
    ),
    "tinybird.pipe_stats": (
        "date",
        """
            date DateTime
            pipe_id String
            pipe_name String
            avg_duration_state AggregateFunction(avg, Float32)
            error_count UInt64
            view_count UInt64
            quantile_timing_state AggregateFunction(quantilesTiming(0.9, 0.95, 0.99), Float64)
            read_bytes_sum UInt64
            read_rows_sum UInt64
            cpu_time_sum Float64
            resource_tags Array(String)
        """,
    ),
    "tinybird.block_log": (
        "timestamp",
        """
            timestamp DateTime
            request_id String
            import_id String
            job_id Nullable(String)
            source String
            block_id String
            status String
            datasource_id String
            datasource_name String
            start_offset Nullable(Int64)
            end_offset Nullable(Int64)
            rows Nullable(Int32)
            parser Nullable(String)
            quarantine_lines Nullable(UInt32)
            empty_lines Nullable(UInt32)
            bytes Nullable(UInt32)
            processing_time Nullable(Float32)
            processing_error Nullable(String)
        """,
    ),
    "tinybird.datasources_ops_log": (
        "timestamp",
        """
            timestamp DateTime
            event_type String
            datasource_id String
            datasource_name String
            result String
            elapsed_time Float32
            error Nullable(String)
            Options.Names Array(String)
            Options.Values Array(String)
            request_id String
            import_id Nullable(String)
            job_id Nullable(String)
            rows Nullable(UInt64)
            rows_quarantine Nullable(UInt64)
            blocks_ids Array(String)
            operation_id String
            read_rows UInt64
            read_bytes UInt64
            cpu_time Float32
            memory_usage UInt64
            written_rows UInt64
            written_bytes UInt64
            written_rows_quarantine UInt64
            written_bytes_quarantine UInt64
            pipe_id String
            pipe_name String
            release String
            resource_tags Array(String)
        """,
    ),
    "tinybird.datasources_ops_stats": (
        "event_date",
        """
            event_date DateTime
            datasource_id String
            datasource_name String
            event_type LowCardinality(String)
            pipe_id String
            pipe_name String
            error_count UInt64
            executions UInt64
            avg_elapsed_time_state AggregateFunction(avg, Float32)
            quantiles_state AggregateFunction(quantiles(0.9, 0.95, 0.99), Float64)
            read_rows UInt64
            read_bytes UInt64
            written_rows UInt64
            written_bytes UInt64
            written_rows_quarantine UInt64
            written_bytes_quarantine UInt64
            cpu_time Float64
            resource_tags Array(String)
        """,
    ),
    "tinybird.endpoint_errors": (
        "start_datetime",
        """
            start_datetime DateTime
            request_id String
            pipe_id String
            pipe_name String
            params Nullable(String)
            url Nullable(String)
            status_code Nullable(Int32)
            error Nullable(String)
            resource_tags Array(String)
        """,
    ),
    "tinybird.kafka_ops_log": (
        "timestamp",
        """
            timestamp DateTime
            datasource_id String
            topic String
            partition Int16
            msg_type String
            lag Int64
            processed_messages Int32
            processed_bytes Int32
            committed_messages Int32
            time_read Float32
            time_process Float32
            time_write Float32
            msg String
        """,
    ),
    "tinybird.datasources_storage": (
        "timestamp",
        """
            datasource_id String
            datasource_name String
            timestamp DateTime
            bytes SimpleAggregateFunction(max, UInt64)
            rows SimpleAggregateFunction(max, UInt64)
            bytes_quarantine SimpleAggregateFunction(max, UInt64)
            rows_quarantine SimpleAggregateFunction(max, UInt64)
        """,
    ),
    "tinybird.sinks_ops_log": (
        "timestamp",
        """
            timestamp DateTime
            job_id Nullable(String)
            service LowCardinality(String)
            pipe_name String
            pipe_id String
            result LowCardinality(String)
            error Nullable(String)
            elapsed_time Float64
            read_rows UInt64
            written_rows UInt64
            read_bytes UInt64
            written_bytes UInt64
            cpu_time Float32
            output UInt64
            parameters Map(String, String)
            options Map(String, String)
            token_name String
        """,
    ),
    "tinybird.releases_log": (
        "timestamp",
        """
            timestamp DateTime64(3)
            event_type LowCardinality(String)
            commit String
            semver String
            token String
            token_name String
            result LowCardinality(String)
            error String
        """,
    ),
    "tinybird.data_transfer": (
        "timestamp",
        """
            timestamp DateTime
            event LowCardinality(String)
            origin_provider LowCardinality(String)
            origin_region LowCardinality(String)
            destination_provider LowCardinality(String)
            destination_region LowCardinality(String)
            kind LowCardinality(String)
            bytes UInt64
        """,
    ),
    "tinybird.jobs_log": (
        "created_at",
        """
            job_id String
            job_type LowCardinality(String)
            status LowCardinality(String)
            error Nullable(String)
            workspace_id String
            request_id Nullable(String)
            pipe_id Nullable(String)
            datasource_id Nullable(String)
            created_at DateTime64(3)
            started_at Nullable(DateTime64(3))
            updated_at DateTime64(3)
            job_metadata String
        """,
    ),
    "tinybird.cluster_control_log": (
        "timestamp",
        """
            timestamp DateTime64(3)
            workspace_id String
            workspace_name String
            pipe_name String
            rate_limit_type LowCardinality(String)
            action LowCardinality(String)
            limit_metadata String
        """,
    ),
    "tinybird.hook_log": (
        "timestamp",
        """
            timestamp DateTime
            request_id String
            import_id Nullable(String)
            job_id Nullable(String)
            source String
            hook_id String
            name String
            operation String
            status String
            datasource_id String
            datasource_name String
            processing_time Nullable(Float32)
            processing_error Nullable(String)
        """,
    ),
    "tinybird.data_guess": (
        "timestamp",
        """
            user_id LowCardinality(String)
            datasource_id LowCardinality(String)
            timestamp DateTime
            path LowCardinality(String)
            type LowCardinality(String)
            num Float64
            str String
        """,
    ),
    "tinybird.estimated_shared_infra_cpu_time": (
        "minute",
        """
            minute DateTime
            workspace_id String
            total_cpu_time_seconds Float64
        """,
    ),
    "tinybird.llm_usage": (
        "start_time",
        """
            start_time DateTime
            end_time DateTime
            workspace_id String
            user_email String
            request_id String
            prompt_tokens UInt32
            completion_tokens UInt32
            total_tokens UInt32
            duration Float32
            cost Float32
            origin String
            feature String
        """,
    ),
    "tinybird.query_validator_log": (
        "run_validation",
        """
            version LowCardinality(String)
            stable_version LowCardinality(String)
            query_hash UInt64
            query_last_execution DateTime
            resource_type LowCardinality(String)
            resource_name String
            query_id String
            query String
            error_code Int16
            error String
            fix_suggestion String
            run_validation DateTime
        """,
    ),
    "tinybird.hfi_requests": (
        "event_time",
        """
            event_time DateTime
            workspace_id String
            datasource_id String
            successful_requests UInt64
            error_requests UInt64
            rows_total UInt64
            rows_successful UInt64
            rows_quarantined UInt64
            bytes_received UInt64
            bytes_decompressed UInt64
            ch_written_rows UInt64
            ch_written_bytes UInt64
            ch_cpu_time Float32
            rate_limited UInt8
            ips SimpleAggregateFunction(groupUniqArrayArray, Array(String))
            tokens SimpleAggregateFunction(groupUniqArrayArray, Array(String))
        """,
    ),
    "tinybird.realtime_ingestion_mv": (
        "second_slot",
        """
            second_slot DateTime
            type LowCardinality(String)
            organization_id String
            workspace_id String
            datasource_id String
            total_mbps SimpleAggregateFunction(sum, Float64)
            mbs_ingestion_block SimpleAggregateFunction(min, Float64)
            flush_time SimpleAggregateFunction(min, Float64)
        """,
    ),
}

NAMES = tuple(_SCHEMAS)
"""All service data sources."""


def time_column(name: str) -> str:
    """The column that says when."""
    return _SCHEMAS[name][0]


@cache
def schema(name: str) -> Datasource:
    """A service data source as one of a project: the same columns, stored under the same name."""
    time, text = _SCHEMAS[name]
    pairs = [line.strip().split(" ", 1) for line in text.strip().splitlines()]
    columns = tuple(Column(column, parse_type(type_)) for column, type_ in pairs)
    return Datasource(name, columns, Engine(sorting_key=time))
