output "name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.this.name
}

output "arn" {
  description = "ARN of the table"
  value       = aws_dynamodb_table.this.arn
}

output "id" {
  description = "ID of the table"
  value       = aws_dynamodb_table.this.id
}

output "stream_arn" {
  description = "ARN of the stream; null without one"
  value       = local.streams ? aws_dynamodb_table.this.stream_arn : null
}
